import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'export',
  // Without it a page opened at http://127.0.0.1:3000 in development never hydrates.
  allowedDevOrigins: ['127.0.0.1'],
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
};

export default config;
