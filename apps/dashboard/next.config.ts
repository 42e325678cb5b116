import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'export',
  // Without it a page opened at http://127.0.0.1:3000 in development never hydrates.
  allowedDevOrigins: ['127.0.0.1'],
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // All of the live page in few files: on its way to the first figures each costs a request, and the browser's work for it.
  experimental: {
    turbopackChunking: {
      firstPageLoadPriority: 1,
      requestCost: 2_000_000,
      minChunkSize: 200_000,
      maxMergeChunkSize: 2_000_000,
    },
  },
};

export default config;
