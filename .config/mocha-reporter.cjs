// mocha's spec reporter, which also adds its counts to the file that P2PNET_TEST_TALLY names (.ci/run sums them).
const { appendFileSync } = require('node:fs')
const { reporters } = require('mocha')

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const tally = process.env.P2PNET_TEST_TALLY
    if (tally !== undefined)
      runner.once('end', () => appendFileSync(tally, `${this.stats.passes} ${this.stats.failures}\n`))
  }
}
