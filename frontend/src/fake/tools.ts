import type { Backend, Finding, ToolView, ToolsPlan, ToolsStatus } from '../lib/contract'
import { fault, type World } from './world'

// The container tools of the made-up computer.

const helper = '/home/anna/.local/bin/docker-credential-lanyard'
const file = '/home/anna/.docker/config.json'

// repository is that of an image, without registry and tag.
const repository = (image: string) => image.replace(/^[^/]*\//, '').replace(/:[^/]*$/, '')

export function toolCalls(world: World): Backend['Tools'] {
  function plan(replace: boolean): ToolsPlan {
    if (world.otherHelper && !replace)
      throw fault(
        'other_helper',
        `Another credential helper is set in ${file}: ${world.registry} has "pass".`,
        'Leave it so, or let Lanyard take its place. Undo puts it back.',
      )
    const gives = world.otherHelper ? `  -   "${world.registry}": "pass"\n` : ''
    return {
      diff: `${file}\n  "credHelpers"\n${gives}  +   "${world.registry}": "lanyard"\n`,
      offer: world.tools.offer,
    }
  }

  function apply(mayCopy: boolean): ToolsStatus {
    if (world.tools.offer && !mayCopy)
      throw fault(
        'helper_missing',
        `The account's shell does not find docker-credential-lanyard (/bin/bash); a copy could be put at ${world.tools.offer}.`,
        'Agree to the copy, or put the helper on your PATH; then apply again.',
      )
    world.tools = {
      ...world.tools,
      setUp: true,
      hosts: [world.registry],
      missing: [],
      helper,
      offer: '',
      line: '',
      lineFile: '',
    }
    return world.tools
  }

  function change(name: string, to: Partial<ToolView>) {
    world.toolList = world.toolList.map((tool) => (tool.name === name ? { ...tool, ...to } : tool))
  }

  return {
    Status: () => world.answer('Tools.Status', () => world.tools),
    Plan: (replace) => world.answer('Tools.Plan', () => plan(replace)),
    Apply: (mayCopy) => world.answer('Tools.Apply', () => apply(mayCopy)),
    Undo: () =>
      world.answer('Tools.Undo', () => {
        world.tools = { ...world.tools, setUp: false, hosts: [], missing: [world.registry] }
        return { summary: `${file} is as it was before.` }
      }),
    List: () => world.answer('Tools.List', () => world.toolList),
    PlanTool: (name) =>
      world.answer('Tools.PlanTool', () => {
        const tool = world.toolList.find((one) => one.name === name)
        return { ...plan(true), diff: plan(true).diff.replace(file, tool?.file ?? file) }
      }),
    SetUpTool: (name, mayCopy) =>
      world.answer('Tools.SetUpTool', () => {
        apply(mayCopy)
        change(name, { state: 'set_up', by: 'lanyard', says: '', ours: true })
        return world.toolList
      }),
    UndoTool: (name) =>
      world.answer('Tools.UndoTool', () => {
        change(name, { state: 'not_set_up', by: '', ours: false })
        return { summary: `${file} is as it was before.` }
      }),
    Doctor: () => world.answer('Tools.Doctor', () => world.findings),
    Fix: (id) =>
      world.answer('Tools.Fix', () => {
        world.findings = world.findings.filter((one) => one.id !== id)
        return world.findings
      }),
    Why: (image) =>
      world.answer('Tools.Why', () => ({
        image,
        verdict: 'read_only',
        says: `anna may pull ${repository(image)}, but: this token of anna may not push ${repository(image)}: its access permissions do not reach that far.`,
        fix: '',
        steps: [
          { title: 'docker-credential-lanyard', says: 'has credentials', good: true },
          { title: 'account', says: `anna@http://${world.registry}`, good: true },
          { title: 'token', says: '…7QxK of anna, until 21 February 2027 10:00', good: null },
          { title: 'registry', says: 'pull yes, push no: denied', good: true },
          {
            title: 'rule for pull',
            says: "the team team/devs, of which anna is a member, may pull and push everything of team; the token's access permissions let it pull",
            good: true,
          },
          {
            title: 'rule for push',
            says: "the team team/devs, of which anna is a member, may pull and push everything of team; the token's access permissions let it pull",
            good: false,
          },
        ],
      })),
  }
}

export function toolsOf(world: World): ToolsStatus {
  const { setUp, offer } = world.options
  return {
    file,
    hosts: setUp === false ? [] : [world.registry],
    missing: setUp === false ? [world.registry] : [],
    setUp: setUp !== false && !offer,
    helper: offer ? '' : helper,
    offer: offer ? helper : '',
    line: offer ? 'export PATH="$HOME/.local/bin:$PATH"' : '',
    lineFile: offer ? '/home/anna/.profile' : '',
  }
}

export function toolListOf(world: World): ToolView[] {
  const setUp = world.options.setUp !== false
  const there = (name: string, version: string, more: Partial<ToolView> = {}): ToolView => ({
    name,
    found: true,
    path: `/usr/bin/${name}`,
    version,
    file,
    state: setUp ? 'set_up' : 'not_set_up',
    by: setUp ? 'lanyard' : '',
    says: '',
    ours: setUp,
    ...more,
  })
  const absent = (name: string): ToolView => ({
    ...there(name, ''),
    found: false,
    path: '',
    file: '',
    state: 'absent',
    by: '',
    ours: false,
  })
  const own = '/home/anna/.config/containers/auth.json'
  if (world.options.quiet) return ['docker', 'podman', 'skopeo', 'buildah', 'crane', 'helm'].map(absent)
  return [
    there('docker', '28.4.0'),
    there('buildx', '0.29.1', { path: '/usr/libexec/docker/cli-plugins/docker-buildx' }),
    there('podman', '5.6.1', {
      file: own,
      state: 'other_helper',
      by: 'auth.json',
      says: 'A password lies in its file in clear, and counts first.',
      ours: false,
    }),
    there('skopeo', '1.20.0', { file: own }),
    there('crane', '0.20.6', { path: '/home/anna/go/bin/crane' }),
    there('helm', '4.0.1', {
      file: '/home/anna/.config/helm/registry/config.json',
      state: 'broken',
      by: '',
      says: 'It is not valid JSON (at byte 97).',
      ours: false,
    }),
    absent('buildah'),
    absent('regctl'),
    absent('oras'),
  ]
}

export function findingsOf(world: World): Finding[] {
  if (world.options.quiet) return []
  return [
    {
      id: 'stale-auths',
      weight: 'problem',
      tools: ['podman', 'skopeo', 'buildah'],
      what: '/home/anna/.config/containers/auth.json has the password of anna for localhost:8460 in clear.',
      why: 'podman, skopeo, buildah would take it instead of your sign-in.',
      fix: "Move it into the keychain; Lanyard's helper answers for it.",
      fixable: true,
    },
    {
      id: 'file-refused',
      weight: 'warning',
      tools: ['helm'],
      what: '/home/anna/.config/helm/registry/config.json cannot be used: it is not valid JSON (at byte 97).',
      why: 'Tools that read it fail, or go on without it; Lanyard does not write to a file it could damage.',
      fix: 'Put the file right, or move it away; then run this again.',
      fixable: false,
    },
    {
      id: 'docker-desktop',
      weight: 'note',
      tools: ['docker'],
      what: '/home/anna/.docker/config.json has Docker Desktop\'s "credsStore": "desktop".',
      why: 'It answers for all registries but those that Lanyard is named for, and only while Docker Desktop runs, which writes it again at every start.',
      fix: 'Nothing, while you use Docker Desktop: the entries of Lanyard count before it.',
      fixable: false,
    },
  ]
}
