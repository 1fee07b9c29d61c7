import type { Backend, Fresh, NewToken, Scope, Token } from '../lib/contract'
import { blank } from './token-list'
import { fault, type World } from './world'

// The account's tokens, and what is done with them.

export const access: Record<Scope, string> = {
  admin: 'Read, Write, Delete',
  write: 'Read, Write',
  read: 'Read',
  public_read: 'Public read',
}

export function tokenCalls(world: World): Backend['Tokens'] {
  let made = 0

  function find(id: string): Token {
    const one = world.tokens.find((token) => token.id === id)
    if (!one) throw fault('not_found', 'It is not there any more.', 'Look at the list again.')
    return one
  }

  function change(ids: string[], to: (one: Token) => Token) {
    const changed = new Map(ids.map((id) => [id, to(find(id))])) // all or none
    world.tokens = world.tokens.map((one) => changed.get(one.id) ?? one)
  }

  function create(wanted: NewToken): Fresh {
    const token: Token = {
      ...blank,
      id: `new-${++made}`,
      description: wanted.description,
      scopes: [`repo:${wanted.scope}`],
      access: access[wanted.scope],
      repositories: wanted.repositories,
      lastFour: 'vW3s',
      created: world.now().toISOString(),
      createdFrom: '127.0.0.1',
      expires: wanted.expires,
    }
    world.tokens = [token, ...world.tokens]
    return fresh(token, 'lyd_pat_FAKEfakeFAKEfakeFAKEfakeFAKEvW3s')
  }

  const fresh = (token: Token, secret: string): Fresh => ({
    token,
    secret,
    registry: world.registry,
    account: world.account,
  })

  return {
    List: () =>
      world.answer('Tokens.List', () => ({
        tokens: world.tokens,
        active: world.tokens.filter((one) => one.status === 'active').length,
        deactivated: world.tokens.filter((one) => one.status === 'inactive').length,
      })),
    Show: (id) =>
      world.answer('Tokens.Show', () => {
        const token = find(id)
        return {
          token,
          uses: token.lastUsed
            ? [
                { address: token.lastUsedFrom, agent: token.lastUsedAgent, at: token.lastUsed, count: 214 },
                {
                  address: '198.51.100.7',
                  agent: 'containers/5.33.1 (github.com/containers/image)',
                  at: world.ago(9),
                  count: 3,
                },
              ]
            : [],
          reach: [
            { repository: `${world.account}/hello`, actions: ['pull', 'push'] },
            { repository: 'team/app', actions: ['pull'] },
            { repository: 'team/base-images/debian', actions: ['pull'] },
          ],
          reachMore: 12,
          activity: world.acts.filter((act) => act.action.startsWith('token')).slice(0, 4),
        }
      }),
    Create: (wanted) => world.answer('Tokens.Create', () => create(wanted)),
    Edit: (id, { description, scope }) =>
      world.answer('Tokens.Edit', () => {
        change([id], (one) => ({
          ...one,
          description,
          ...(scope && { scopes: [`repo:${scope}`], access: access[scope] }),
        }))
        return find(id)
      }),
    SetActive: (ids, active) =>
      world.answer('Tokens.SetActive', () => {
        change(ids, (one) => ({ ...one, status: active ? 'active' : 'inactive' }))
        if (ids.some((id) => find(id).thisComputer)) world.become(active ? 'active' : 'deactivated')
      }),
    Delete: (ids) =>
      world.answer('Tokens.Delete', () => {
        const own = ids.map(find).some((one) => one.thisComputer)
        world.tokens = world.tokens.filter((one) => !ids.includes(one.id))
        if (own) world.become('ended')
      }),
    Pin: (id, pinned) =>
      world.answer('Tokens.Pin', () => {
        if (pinned && world.tokens.filter((one) => one.pinned).length >= 4)
          throw fault('refused', 'At most four tokens can be pinned.', 'Unpin another first.')
        change([id], (one) => ({ ...one, pinned }))
        return find(id)
      }),
    Rotate: (id, overlapHours) =>
      world.answer('Tokens.Rotate', () => {
        change([id], (one) => ({
          ...one,
          lastFour: 'r0T8',
          previous:
            overlapHours > 0
              ? {
                  lastFour: one.lastFour,
                  until: world.ago(-overlapHours / 24),
                  lastUsed: one.lastUsed,
                  lastUsedFrom: one.lastUsedFrom,
                  lastUsedAgent: one.lastUsedAgent,
                }
              : null,
        }))
        return fresh(find(id), 'lyd_pat_FAKEfakeFAKEfakeFAKEfakeFAKEr0T8')
      }),
    Which: (secret) =>
      world.answer('Tokens.Which', () => {
        if (!/^lyd_(pat|auto)_/.test(secret))
          throw fault(
            'refused',
            'That is no token of Lanyard: those begin with lyd_pat_ or lyd_auto_.',
            'Copy it again, whole.',
          )
        const token = world.tokens.find((one) => secret.endsWith(one.lastFour)) ?? null
        const before =
          world.tokens.find((one) => one.previous && secret.endsWith(one.previous.lastFour)) ?? null
        return {
          token: token ?? before,
          previous: !token && before !== null,
          says:
            token || before
              ? ''
              : "It is none of this account's tokens: one of another account, one that was deleted, or none at all.",
        }
      }),
    SaveSecret: () => world.answer('Tokens.SaveSecret', () => ({ file: '/home/anna/token.txt' })),
  }
}
