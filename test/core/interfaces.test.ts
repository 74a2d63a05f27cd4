// What the machine has, and where a directed broadcast goes.
import { networkInterfaces } from 'node:os'
import { expect } from 'chai'
import { broadcastOf, Interfaces, listInterfaces } from '../../core/interfaces.ts'

describe('the interfaces of the machine', () => {
  const cases: [address: string, netmask: string, broadcast: string][] = [
    ['127.0.0.1', '255.0.0.0', '127.255.255.255'],
    ['192.168.1.7', '255.255.255.0', '192.168.1.255'],
    ['10.77.3.9', '255.255.252.0', '10.77.3.255'],
    ['10.77.4.9', '255.255.252.0', '10.77.7.255'],
    ['172.16.0.130', '255.255.255.192', '172.16.0.191'],
    ['10.8.0.2', '255.255.255.255', '10.8.0.2'],
  ]
  for (const [address, netmask, broadcast] of cases)
    it(`broadcast from ${address} with ${netmask} to ${broadcast}`, () => {
      expect(broadcastOf(address, netmask)).to.equal(broadcast)
    })

  it('are those that the operating system lists, each with its addresses', () => {
    const listed = listInterfaces()
    expect(listed.map(({ name }) => name)).to.deep.equal(Object.keys(networkInterfaces()))
    for (const { addresses } of listed)
      for (const { family, broadcast } of addresses) expect(broadcast !== undefined).to.equal(family === 'IPv4')
  })

  it('stay what they were while the system cannot tell', () => {
    let isBroken = false
    const interfaces = new Interfaces(() => {
      if (isBroken) throw new Error('EMFILE')
      return [{ name: 'eth0', mac: '', addresses: [] }]
    })
    const before = interfaces.list()
    isBroken = true
    expect(interfaces.list()).to.equal(before)
    expect(new Interfaces(() => expect.fail()).list()).to.deep.equal([])
  })
})
