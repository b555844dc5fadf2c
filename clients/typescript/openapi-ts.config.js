import { fileURLToPath } from 'node:url';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What the client is generated from, and into. */
export default {
  input: path('../../api/openapi.json'),
  output: { path: path('src'), module: { extension: '.js' } },
  plugins: ['@hey-api/client-fetch'],
  logs: { level: 'error', file: false },
};
