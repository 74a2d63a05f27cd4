// The config of the nodes of the demo (`npm run demo`), and the first one to play with: `npx p2pnet start` in two
// terminals, the second with `--data-dir .p2pnet/second`, and the two find each other.
// `npx p2pnet check` says whether it is good, `npx p2pnet explain` what it comes to.
import { defineConfig } from 'p2pnet'

export default defineConfig({
  // The plugins to start from: TLS, keys, LAN discovery, files, routines and more. What stands below comes on top.
  extends: ['p2pnet:recommended'],

  network: {
    // Nodes of one network find each other on the LAN.
    name: 'demo',
    // Loopback: only this machine. '0.0.0.0' opens the node to the LAN, as `p2pnet start --lan` does.
    host: '127.0.0.1',
    // TCP port; 0 takes a free one.
    port: 0,
    // UDP ports on which nodes of a LAN hear each other.
    designatedPorts: [8001, 8002, 8003],
    // Where the node keeps its files, relative to this file. One node a directory.
    dataDir: '.p2pnet',
  },

  // Off until one of the two is switched on; logToFile: true writes p2pnet.log into the data directory.
  logging: { level: 'info', emitConsoleMessages: false, logToFile: false },

  plugins: [
    // An entry replaces the options of the preset's: who may connect, and who is trusted.
    // { use: 'trust-incoming', options: { trustedLevel: 'authorized', authorized: ['IDENTIFIER'] } },

    // Takes out what the preset brought.
    // { use: 'files-transfer', enabled: false },

    // A plugin of your own, relative to this file.
    // './my-plugin.ts',
  ],
})
