// What can have happened to an account: the service's words for it, each with a
// sentence in words/*/activity.ts.
export const actions = [
  'token.created',
  'token.generated',
  'token.renamed',
  'token.scoped',
  'token.deactivated',
  'token.activated',
  'token.pinned',
  'token.unpinned',
  'token.rotated',
  'token.deleted',
  'token.evicted',
  'token.superseded',
  'token.swept',
  'session.began',
  'session.ended',
  'signin.passed',
  'signin.refused',
  'account.created',
  'account.password',
  'account.factor',
  'account.disabled',
  'account.enabled',
  'organization.created',
  'organization.deleted',
  'organization.member',
  'team.changed',
  'team.deleted',
  'repository.created',
  'repository.deleted',
  'repository.visibility',
  'repository.given',
  'repository.tag',
] as const
export type Action = (typeof actions)[number]

// asAction is null for what a newer service says.
export function asAction(action: string): Action | null {
  return (actions as readonly string[]).includes(action) ? (action as Action) : null
}

// The details that an act may have.
export const details = [
  'from',
  'to',
  'until',
  'by',
  'why',
  'tries',
  'what',
  'member',
  'role',
  'right',
  'tag',
  'team',
  'via',
] as const
export type Detail = (typeof details)[number]

export function asDetail(name: string): Detail | null {
  return (details as readonly string[]).includes(name) ? (name as Detail) : null
}

// scopeIn is the page's name of access permissions, of the service's "repo:read".
export function scopeIn(value: string): 'admin' | 'write' | 'read' | 'public_read' | null {
  const found = /^repo:(admin|write|read|public_read)$/.exec(value)
  return (found?.[1] as 'read' | undefined) ?? null
}
