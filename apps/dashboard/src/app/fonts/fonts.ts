import localFont from 'next/font/local';

const GeistSans = localFont({ src: './geist-sans.woff2', weight: '400 600', variable: '--font-geist-sans' });
const GeistMono = localFont({ src: './geist-mono.woff2', weight: '400 600', variable: '--font-geist-mono' });

/** Latin letters outside the two subsets. Loaded only if a page contains one, for example in the reason of a rule. */
const GeistSansLatin = localFont({
  src: '../../../node_modules/geist/dist/fonts/geist-sans/Geist-Variable.woff2',
  weight: '400 600',
  variable: '--font-geist-sans-latin',
  preload: false,
  adjustFontFallback: false,
  declarations: [{ prop: 'unicode-range', value: 'U+00A1-00AF, U+00B2-00B4, U+00B6, U+00B8-00D6, U+00D8-024F' }],
});
const GeistMonoLatin = localFont({
  src: '../../../node_modules/geist/dist/fonts/geist-mono/GeistMono-Variable.woff2',
  weight: '400 600',
  variable: '--font-geist-mono-latin',
  preload: false,
  adjustFontFallback: false,
  declarations: [{ prop: 'unicode-range', value: 'U+00A1-00AF, U+00B2-00B4, U+00B6, U+00B8-00D6, U+00D8-024F' }],
});

/** Class names that set the font variables of globals.css. */
export const fontClasses = [GeistSansLatin, GeistSans, GeistMonoLatin, GeistMono]
  .map(({ variable }) => variable)
  .join(' ');
