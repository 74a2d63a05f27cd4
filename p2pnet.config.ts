import { defineConfig } from 'p2pnet'

// The node that `npm run demo` runs three times: it listens on loopback, finds the others there, and trusts whoever
// answers three pings.
export default defineConfig({
  extends: ['p2pnet:recommended'],
  network: { name: 'demo' },
})
