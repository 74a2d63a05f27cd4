/** What `p2pnet init` writes. */
export const configTemplate = `// The config of a p2pnet node. \`npx p2pnet check\` says whether it is good, \`npx p2pnet explain\` what it comes to.
import { defineConfig } from 'p2pnet'

export default defineConfig({
  // The plugins to start from: TLS, keys, LAN discovery, files, routines and more. What stands below comes on top.
  extends: ['p2pnet:recommended'],

  network: {
    // Nodes of one network find each other on the LAN.
    name: 'p2pnet',
    // Loopback: only this machine. '0.0.0.0' opens the node to the LAN, as \`p2pnet start --lan\` does.
    host: '127.0.0.1',
    // TCP port; 0 takes a free one.
    port: 0,
    // Where the node keeps its files, relative to this file. One node a directory.
    dataDir: '.p2pnet',
  },

  // Off until one of the two is switched on.
  // logging: { level: 'info', emitConsoleMessages: true, logToFile: true },

  // What the node allows itself and others; \`p2pnet explain\` lists all limits and the memory they allow.
  // limits: { maxConnections: 256, perAddress: 8 },

  plugins: [
    // An entry replaces the options of the preset's: who may connect, and who is trusted.
    // { use: 'trust-incoming', options: { trustedLevel: 'authorized', authorized: ['IDENTIFIER'] } },

    // Takes out what the preset brought.
    // { use: 'files-transfer', enabled: false },

    // A plugin of your own, relative to this file.
    // './my-plugin.ts',

    // A plugin from npm, with options.
    // { use: 'p2pnet-plugin-foo', options: {} },
  ],
})
`
