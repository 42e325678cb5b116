// The server process in one file: it is started without access to any other.
export default {
  input: 'dist/server/process/server-main.js',
  platform: 'node',
  output: { file: 'dist/server-process.cjs', format: 'cjs', codeSplitting: false },
};
