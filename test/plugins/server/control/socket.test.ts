// The control socket as a file: whose it is from the first moment on, what is replaced and what is not, and its end.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'chai'
import { ask } from '../../../../plugins/server/control/ask.ts'
import { listenAt } from '../../../../plugins/server/control/listen.ts'
import { Nodes } from '../../../support/nodes.ts'
import { Scratch } from '../../../support/scratch.ts'

const modeOf = (file: string) => (statSync(file).mode & 0o777).toString(8)

async function refusal(work: Promise<unknown>): Promise<{ code?: string; message?: string; remedy?: string }> {
  return work.then(
    () => ({}),
    (error: unknown) => error as object,
  )
}

const describeFiles = process.platform === 'win32' ? describe.skip : describe

describeFiles('the control socket', () => {
  const nodes = new Nodes()
  const servers: Server[] = []
  let scratch: Scratch
  beforeEach(async () => (scratch = await Scratch.make()))
  afterEach(async () => {
    for (const server of servers.splice(0)) server.close() // nothing runs on after a failed test
    await nodes.clean()
    await scratch.remove()
  })

  const create = (dataDir = scratch.at('data')) => nodes.create('me', ['server-control'], {}, { dataDir })
  const file = () => scratch.at('data', 'control.sock')

  it('is for this user alone, and the only thing left of how it was made', async () => {
    const node = await create()
    await node.start()
    expect(statSync(file()).isSocket()).to.equal(true)
    expect(modeOf(file())).to.equal('600')
    expect(modeOf(scratch.at('data'))).to.equal('700')
    expect((await readdir(scratch.at('data'))).sort()).to.deep.equal(['control.sock', 'node.lock'])
  })

  it('is out of the reach of others before it has its mode', async () => {
    const server = createServer()
    servers.push(server)
    await mkdir(scratch.at('data'), { mode: 0o755 })
    const seen = once(server, 'listening').then(() => [modeOf(scratch.at('data', '.control')), existsSync(file())])
    const remove = await listenAt(scratch.at('data'), server)
    expect(await seen).to.deep.equal(['700', false])
    expect(modeOf(file())).to.equal('600')
    await remove()
  })

  it('is gone when the node has stopped', async () => {
    const node = await create()
    await node.start()
    await node.stop()
    expect(await readdir(scratch.at('data'))).to.deep.equal([])
    expect(await refusal(ask(scratch.at('data'), 'status'))).to.include({ code: 'E_NOT_RUNNING' })
  })

  it('takes the place of one that a killed node left, and of what that node was about to make', async () => {
    await mkdir(scratch.at('data', '.control'), { recursive: true })
    const program = `require('node:net').createServer().listen(${JSON.stringify(file())}, () => console.log('up'))`
    const victim = spawn(process.execPath, ['--eval', program], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(victim.stdout, 'data')
    victim.kill('SIGKILL')
    await once(victim, 'exit')
    expect(statSync(file()).isSocket()).to.equal(true)
    expect(await refusal(ask(scratch.at('data'), 'status'))).to.include({ code: 'E_NOT_RUNNING' })

    const node = await create()
    await node.start()
    expect(await ask(scratch.at('data'), 'status')).to.include({ identifier: 'me' })
  })

  it('leaves one at which somebody answers alone, and the node does not start', async () => {
    await mkdir(scratch.at('data'))
    const other = createServer((socket) => socket.on('error', () => undefined).end('other\n')).listen(file())
    servers.push(other)
    await once(other, 'listening')
    const node = await create()
    const error = await refusal(node.start())
    expect(error).to.include({ code: 'E_CONTROL_IN_USE', plugin: 'server-control' })
    expect(error.remedy).to.include('--data-dir')
    expect(node.state).to.equal('stopped')
    expect(existsSync(file())).to.equal(true)
    expect(await refusal(ask(scratch.at('data'), 'status'))).to.include({ code: 'E_CONTROL_SOCKET' }) // it is no node
  })

  it('replaces nothing that is no socket', async () => {
    await scratch.write({ 'data/control.sock': 'mine', precious: 'too' })
    expect(await refusal((await create()).start())).to.include({ code: 'E_CONTROL_SOCKET' })
    expect(await readFile(file(), 'utf8')).to.equal('mine')

    await mkdir(scratch.at('linked'))
    await symlink(scratch.at('precious'), scratch.at('linked', 'control.sock'))
    expect(await refusal((await create(scratch.at('linked'))).start())).to.include({ code: 'E_CONTROL_SOCKET' })
    expect(await readFile(scratch.at('precious'), 'utf8')).to.equal('too')
  })

  it('is reached in a directory whose name is longer than an address may be', async () => {
    const deep = scratch.at(...Array<string>(6).fill('a'.repeat(40)))
    const links = async () => (await readdir(tmpdir())).filter((name) => existsSync(path.join(tmpdir(), name, 'd')))
    const before = await links()
    const node = await create(deep)
    await node.start()
    expect(modeOf(path.join(deep, 'control.sock'))).to.equal('600')
    expect(await ask(deep, 'status')).to.include({ identifier: 'me' })
    expect(await links()).to.deep.equal(before)
    await node.stop()
    expect(existsSync(path.join(deep, 'control.sock'))).to.equal(false)
  })

  it('belongs to each of many nodes of one process', async () => {
    const dirs = ['a', 'b', 'c'].map((name) => scratch.at(name))
    await Promise.all(
      dirs.map(async (dataDir, i) => nodes.start(`node-${String(i)}`, ['server-control'], {}, { dataDir })),
    )
    const answers = await Promise.all(dirs.map((dataDir) => ask(dataDir, 'status')))
    expect(answers.map((answer) => (answer as { identifier: string }).identifier)).to.deep.equal([
      'node-0',
      'node-1',
      'node-2',
    ])
  })
})
