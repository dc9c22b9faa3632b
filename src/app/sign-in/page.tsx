import type { Metadata } from 'next';
import { SignInPanel } from './_components/sign-in-panel.tsx';

export const metadata: Metadata = { title: 'Sign in' };

interface Props {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function SignInPage({ searchParams }: Props) {
  const { next, problem } = await searchParams;
  return (
    <SignInPanel next={typeof next === 'string' ? next : null} problem={typeof problem === 'string' ? problem : null} />
  );
}
