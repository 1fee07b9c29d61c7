// Ready commands for a new token. None has the secret in it: each asks for it,
// or reads it from where it is kept.

export type CommandFor = 'docker' | 'podman' | 'github' | 'kubernetes' | 'file'
export const commandsFor = ['docker', 'podman', 'github', 'kubernetes', 'file'] as const

export type Wanted = { account: string; registry: string; file: string }

// quote makes one word of a text for a POSIX shell.
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}

// commands are the lines to copy, in their order.
export function commands(of: CommandFor, { account, registry, file }: Wanted): string[] {
  const who = quote(account)
  const where = quote(registry)
  if (of === 'docker' || of === 'podman') return [`${of} login -u ${who} ${where}`]
  if (of === 'file')
    return [`docker login -u ${who} --password-stdin ${where} < ${quote(file || 'token.txt')}`]
  if (of === 'github')
    return [
      'gh secret set LANYARD_TOKEN',
      [
        '- uses: docker/login-action@v3',
        '  with:',
        `    registry: ${JSON.stringify(registry)}`,
        `    username: ${JSON.stringify(account)}`,
        '    password: ${{ secrets.LANYARD_TOKEN }}',
      ].join('\n'),
    ]
  // printf is the shell's own: the secret stands in no process's arguments.
  const config = JSON.stringify({ auths: { [registry]: { username: account, password: '%s' } } })
  return [
    'read -rs token',
    `printf ${quote(config)} "$token" |\n  kubectl create secret generic lanyard-pull \\\n  --type=kubernetes.io/dockerconfigjson \\\n  --from-file=.dockerconfigjson=/dev/stdin`,
  ]
}
