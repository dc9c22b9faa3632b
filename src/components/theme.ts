import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

/** A calm green; shade 7 carries white text at 5.7:1, shade 4 reads on the dark surface at 6.9:1. */
const eko: MantineColorsTuple = [
  '#eaf6f0',
  '#d2ebde',
  '#a7d8bf',
  '#79c59e',
  '#55b584',
  '#38a26f',
  '#1f8a58',
  '#147148',
  '#0f5b3a',
  '#0a462c',
];

/** Darker than Mantine's from shade 7 on: white text on a filled button then has 5.6:1. */
const red: MantineColorsTuple = [
  '#fff5f5',
  '#ffe3e3',
  '#ffc9c9',
  '#ffa8a8',
  '#ff8787',
  '#ff6b6b',
  '#e03131',
  '#c92a2a',
  '#b42318',
  '#961e14',
];

const dark: MantineColorsTuple = [
  '#dfe5e1',
  '#b9c3bd',
  '#9aa79f',
  '#6d7972',
  '#3a443e',
  '#2a322d',
  '#1f2622',
  '#171c19',
  '#111512',
  '#0c0f0d',
];

export const theme = createTheme({
  primaryColor: 'eko',
  primaryShade: { light: 7, dark: 7 },
  colors: { eko, red, dark },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace',
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  components: {
    // Its close button has no name, and its text is grayer than can be read.
    Notification: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } },
      styles: { description: { color: 'var(--mantine-color-text)', overflowWrap: 'anywhere' } },
    },
    // Its head is a <header>, which would count as another banner of the page.
    Modal: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' }, attributes: { header: { role: 'none' } } },
      styles: { title: { fontWeight: 650, overflowWrap: 'anywhere' } },
    },
  },
  headings: {
    fontWeight: '650',
    sizes: { h1: { fontSize: '1.375rem', lineHeight: '1.3' }, h2: { fontSize: '1rem', lineHeight: '1.4' } },
  },
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#f5f7f5',
    '--mantine-color-text': '#1a211d',
    '--mantine-color-dimmed': '#57625b',
    '--mantine-color-placeholder': '#6b766f',
    '--mantine-color-error': '#b42318',
    '--mantine-color-default-border': '#dde3de',
    '--eko-surface': '#ffffff',
    '--eko-surface-raised': '#f9fbf9',
    '--eko-border': '#e0e6e1',
    '--eko-hover': '#f2f6f3',
    '--eko-highlight': '#e4f4ea',
    '--eko-good': '#147148',
    '--eko-info': '#1864ab',
    '--eko-warn': '#9a5b00',
    '--eko-bad': '#b42318',
    '--eko-quiet': '#57625b',
    '--eko-demo': '#6741b9',
    '--eko-strip': '#b42318',
  },
  dark: {
    '--mantine-color-body': '#111512',
    '--mantine-color-text': '#dfe5e1',
    '--mantine-color-dimmed': '#9aa79f',
    '--mantine-color-placeholder': '#87938b',
    '--mantine-color-error': '#ff8a80',
    '--mantine-color-default-border': '#2f3833',
    '--eko-surface': '#171c19',
    '--eko-surface-raised': '#1c221f',
    '--eko-border': '#28302b',
    '--eko-hover': '#1d2420',
    '--eko-highlight': '#173325',
    '--eko-good': '#55b584',
    '--eko-info': '#6fb3f2',
    '--eko-warn': '#e5a93d',
    '--eko-bad': '#ff8a80',
    '--eko-quiet': '#9aa79f',
    '--eko-demo': '#b79cf5',
    '--eko-strip': '#8f1d14',
  },
});
