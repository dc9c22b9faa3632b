import Link from 'next/link';
import classes from './brand.module.css';

/** The mark: a sun over a roof. */
export function BrandMark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="#147148" />
      <circle cx="16" cy="13.5" r="4.5" fill="#ffd166" />
      <path
        d="M16 4.5v2.2M9.6 7.1l1.6 1.6M22.4 7.1l-1.6 1.6M7 13.5h2.2M22.8 13.5H25"
        stroke="#ffd166"
        strokeWidth="1.8"
        strokeLinecap="round"
      />
      <path
        d="M5 24.5 16 17l11 7.5"
        fill="none"
        stroke="#ffffff"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

export function Brand() {
  return (
    <Link href="/scraping" className={classes.brand} aria-label="EKO Lead Generator, home">
      <BrandMark />
      <span className={classes.name}>EKO Lead Generator</span>
      <span className={classes.short}>EKO</span>
    </Link>
  );
}
