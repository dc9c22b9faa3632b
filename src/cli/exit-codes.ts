/** How `npx eko` ends; docs/command-line.md tells the same. */
export const EXIT = {
  /** Done: also a limit that was reached, and a stop that somebody asked for. */
  done: 0,
  /** It could not be done, or doctor found something wrong. */
  failed: 1,
  /** The command line or a setting cannot be used; nothing was begun. */
  usage: 2,
  /** There is no such thing, or nothing to do. */
  nothing: 3,
} as const;
