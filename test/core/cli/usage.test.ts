// How the command line is used: help, exit codes, errors in words and in JSON, suggestions, commands of plugins.
import { expect } from 'chai'
import { Scratch } from '../../support/scratch.ts'
import { TestShell } from '../../support/test-shell.ts'

const wire = { extends: ['p2pnet:minimal'] }

describe('the command line', () => {
  let scratch: Scratch
  let shell: TestShell
  beforeEach(async () => {
    scratch = await Scratch.make({ 'package.json': '{}' })
    shell = new TestShell(scratch.path)
  })
  afterEach(() => scratch.remove())

  for (const words of [['--help'], ['help']]) {
    it(`tells with ${words.join(' ')} every command, flag, example and variable`, async () => {
      expect(await shell.run(...words)).to.equal(0)
      const expected = [
        'init',
        'start',
        'check',
        'explain',
        'plugins',
        '--config',
        '--data-dir',
        '--json',
        'Examples',
        'P2PNET_PORT',
      ]
      for (const word of expected) expect(shell.out).to.include(word)
      expect(shell.err).to.equal('')
    })
  }

  for (const command of ['init', 'start', 'check', 'explain', 'plugins']) {
    it(`tells of ${command} with --help, with the flags that all commands have`, async () => {
      for (const words of [
        [command, '--help'],
        ['help', command],
      ]) {
        const each = new TestShell(scratch.path)
        expect(await each.run(...words)).to.equal(0)
        expect(each.out).to.include(`Usage: p2pnet ${command}`).and.include('--config <path>').and.include('--json')
      }
    })
  }

  it('tells its version', async () => {
    expect(await shell.run('--version')).to.equal(0)
    expect(shell.out).to.match(/^\d+\.\d+\.\d+\n$/)
  })

  const wrong: readonly (readonly [words: string[], says: string])[] = [
    [[], 'no command was given'],
    [['strat'], 'did you mean "start"?'],
    [['--nonsense'], '--nonsense'],
    [['check', '--jsn'], '--json'],
    [['check', 'too', 'many'], 'too many arguments'],
    [['start', '--port', 'x'], '0 to 65535'],
    [['start', '--port', '65536'], '0 to 65535'],
    [['start', '--lan', '--host', '127.0.0.1'], 'cannot be used with'],
    [['start', '--host'], 'argument missing'],
  ]
  for (const [words, says] of wrong) {
    it(`refuses "p2pnet ${words.join(' ')}" with exit code 2, in words and in JSON`, async () => {
      expect(await shell.run(...words)).to.equal(2)
      expect(shell.err).to.include(says)
      expect(shell.out).to.equal('')
      const asJson = new TestShell(scratch.path)
      expect(await asJson.run(...words, '--json')).to.equal(2)
      expect(asJson.err).to.equal('')
      const [{ error }] = asJson.lines as [{ error: Record<string, string> }]
      expect(error).to.include({ code: 'E_USAGE' })
      expect(error.message).to.include(says)
      expect(error.remedy).to.include('--help')
    })
  }

  it('takes its flags before the command and after it', async () => {
    await scratch.write({ 'a.json': JSON.stringify(wire) })
    for (const words of [
      ['--config', 'a.json', '--json', 'check'],
      ['check', '--json', '--config=a.json'],
      ['--json', 'check', '--config', 'a.json'],
    ]) {
      const each = new TestShell(scratch.path)
      expect(await each.run(...words)).to.equal(0)
      expect(each.lines).to.have.lengthOf(1)
    }
  })

  const weather = `
    import { definePlugin } from 'p2pnet'
    const load = async () => ({ default: { description: 'tells the weather', configure(command) {
      command.option('--celsius <n>').action(() => { globalThis.p2pnetTestWeather = command.optsWithGlobals() })
    } } })
    export default definePlugin({ name: 'weather', version: '1', api: 1, setup() {}, commands: {
      weather: load, broken: () => import('./nowhere.ts'), hollow: async () => ({ default: {} }) } })`

  it('runs a command that a plugin of the config brings, with the flags of all', async () => {
    await scratch.write({
      'p2pnet.config.json': JSON.stringify({ ...wire, plugins: ['./weather.ts'] }),
      'weather.ts': weather,
    })
    expect(await shell.run('weather', '--celsius', '7', '--json')).to.equal(0)
    const taken = (globalThis as { p2pnetTestWeather?: unknown }).p2pnetTestWeather
    expect(taken).to.deep.equal({ celsius: '7', json: true })
    expect(await shell.run('weather', '--help')).to.equal(0)
    expect(shell.out).to.include('tells the weather').and.include('--celsius')
  })

  it('names the plugin whose command does not load, and suggests commands of plugins', async () => {
    await scratch.write({
      'p2pnet.config.json': JSON.stringify({ ...wire, plugins: ['./weather.ts'] }),
      'weather.ts': weather,
    })
    expect(await shell.run('broken', '--json')).to.equal(1)
    expect(shell.lines[0]?.error).to.include({ code: 'E_PLUGIN_LOAD', plugin: 'weather' })
    expect(await shell.run('hollow')).to.equal(1)
    expect(shell.err).to.include('E_PLUGIN_INVALID').and.include('configure')
    expect(await shell.run('wether')).to.equal(2)
    expect(shell.err).to.include('did you mean "weather"?')
  })

  it('says that a config which does not load may bring the command', async () => {
    await scratch.write({ 'p2pnet.config.json': '{' })
    expect(await shell.run('weather')).to.equal(2)
    expect(shell.err).to.include('does not load').and.include('p2pnet.config.json:1:2')
  })
})
