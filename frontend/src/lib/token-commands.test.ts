import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commands, commandsFor, quote } from './token-commands'

const odd = {
  account: "o'brien; echo $HOME",
  registry: 'registry.example.com:8443',
  file: '/home/a b/it’s "x"',
}

describe('commands', () => {
  it.each(commandsFor)('%s: the names in it are words of a shell, whatever they are', (of) => {
    for (const line of commands(of, odd).filter((one) => !one.startsWith('- uses')))
      expect(() => execFileSync('sh', ['-n', '-c', line.replace('read -rs', 'read -r')])).not.toThrow()
  })

  it('quotes so that a shell gives it back', () => {
    for (const text of ['plain', "it's", '$(id)', '`id`', 'a\nb', '', '--x', '"'])
      expect(execFileSync('sh', ['-c', `printf %s ${quote(text)}`]).toString()).toBe(text)
  })

  it('of Kubernetes hands over the very secret, on standard input', () => {
    const line = commands('kubernetes', { account: 'anna', registry: 'localhost:8460', file: '' })[1] ?? ''
    const printf = line.slice(0, line.indexOf('|'))
    const said = execFileSync('sh', ['-c', `token=lyd_pat_x; ${printf}`]).toString()
    expect(JSON.parse(said)).toEqual({
      auths: { 'localhost:8460': { username: 'anna', password: 'lyd_pat_x' } },
    })
  })
})
