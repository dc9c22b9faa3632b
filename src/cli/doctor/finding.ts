/** Something that is not as it should be, for people. */
export interface Finding {
  /** `note` is worth knowing and no reason to act; only a `problem` makes doctor fail. */
  level: 'problem' | 'note';
  /** What is wrong, with its figures. */
  what: string;
  /** What to do about it. */
  advice: string;
}
