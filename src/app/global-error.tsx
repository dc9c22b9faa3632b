'use client';

/** The last resort, when even the frame of the pages failed: no styles and no libraries to rely on. */
export default function GlobalError() {
  return (
    <html lang="en-US">
      <body style={{ fontFamily: 'system-ui, sans-serif', maxWidth: 480, margin: '15vh auto', padding: 16 }}>
        <title>Something went wrong</title>
        <h1>Something went wrong</h1>
        <p>The page could not be shown. Your data is safe, and scraping goes on.</p>
        <p>
          <a href="/scraping">Load it again</a>
        </p>
      </body>
    </html>
  );
}
