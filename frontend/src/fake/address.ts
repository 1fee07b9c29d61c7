import type { SessionState } from '../lib/contract'
import { stopped } from './desk'
import { Fake, fault } from './index'

const tooNew = {
  detail: 'The server needs a newer Lanyard: http://localhost:8460 runs v9.0.0.',
  action: 'Update Lanyard on this computer. The token of this computer goes on working.',
}

// fromAddress makes the fake that the page's address asks for:
// ?state=active&lang=de&theme=dark&tokens=odd&setup=1&tools=none&offer=1&fail=Tokens.List
export function fromAddress(query: string): Fake {
  const asked = new URLSearchParams(query)
  const name = asked.get('fail')
  const fake = new Fake({
    state: (asked.get('state') ?? 'signed_out') as SessionState,
    account: asked.get('account') ?? undefined,
    server: asked.get('server') ?? undefined,
    tokens: (asked.get('tokens') ?? 'few') as 'few',
    setUp: asked.get('tools') !== 'none',
    offer: asked.has('offer'),
    needsSetup: asked.has('setup'),
    browserError: asked.has('nobrowser') ? 'No browser could be opened.' : '',
    foreign: asked.has('foreign'),
    quiet: asked.has('quiet'),
    slow: Number(asked.get('slow') ?? 0),
    preferences: {
      language: (asked.get('lang') ?? 'en') as 'en',
      theme: (asked.get('theme') ?? 'system') as 'system',
    },
    fail: name
      ? {
          [name]: fault(
            'offline',
            'List tokens: server not reachable: http://localhost:8460: nobody answers there (connection refused).',
            'Check the address and the network, and try again.',
          ),
        }
      : {},
  })
  if (asked.get('service') === 'stopped') fake.service = { ...fake.service, ...stopped }
  const version = asked.get('version')
  if (version) fake.view = { ...fake.view, serverVersion: version as 'too_old' }
  if (version === 'too_new') fake.view = { ...fake.view, ...tooNew }
  if (asked.has('ending')) fake.view = { ...fake.view, ends: fake.ago(-2.5), idleEnds: fake.ago(-1.2) }
  return fake
}
