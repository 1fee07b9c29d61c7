import type { Backend, Finding, ToolView, ToolsPlan, ToolsStatus } from '../lib/contract'
import { fault, type World } from './world'

// The container tools of the made-up computer.

const helper = '/home/anna/.local/bin/docker-credential-lanyard'
const file = '/home/anna/.docker/config.json'

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
        'Your shell does not find the credential helper, so docker would not either. Nothing was written.',
        `Agree to a copy at ${world.tools.offer}, or add its folder to PATH yourself.`,
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
        verdict: 'denied',
        says: `anna may pull ${image.replace(/:[^/]*$/, '')}, but this computer’s token may not: it was deactivated on 21 November.`,
        fix: 'Activate the token under Personal access tokens.',
        steps: [
          { title: '/home/anna/.docker/config.json', says: 'docker reads it.', good: true },
          { title: 'file', says: `"${world.registry}" is there, and names lanyard.`, good: true },
          { title: 'docker-credential-lanyard', says: 'It answers in 4 ms.', good: true },
          { title: 'account', says: 'anna, with the token …7QxK.', good: true },
          { title: 'token', says: 'It is deactivated, so the service refuses it.', good: false },
          { title: 'rule for pull', says: 'Not asked: nobody came that far.', good: null },
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
      says: `A password for ${world.registry} lies in ${own} and goes before the helper.`,
      ours: false,
    }),
    there('skopeo', '1.20.0', { file: own }),
    there('crane', '0.20.6', { path: '/home/anna/go/bin/crane' }),
    there('helm', '4.0.1', {
      file: '/home/anna/.config/helm/registry/config.json',
      state: 'broken',
      by: '',
      says: 'Its file is not valid JSON (line 4).',
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
      id: 'clear-auth',
      weight: 'problem',
      tools: ['podman', 'skopeo', 'buildah'],
      what: 'A password lies in /home/anna/.config/containers/auth.json in clear.',
      why: 'Anybody who reads the file can use it. It also goes before Lanyard’s token.',
      fix: 'Move it into the keychain.',
      fixable: true,
    },
    {
      id: 'helm-json',
      weight: 'warning',
      tools: ['helm'],
      what: 'helm’s file is not valid JSON.',
      why: 'helm reads no account from it.',
      fix: 'Put line 4 of /home/anna/.config/helm/registry/config.json right.',
      fixable: false,
    },
    {
      id: 'env',
      weight: 'note',
      tools: ['docker'],
      what: 'DOCKER_AUTH_CONFIG is set in your shell.',
      why: 'docker asks it first, for the registries that it names.',
      fix: 'Take it out of /home/anna/.profile if you do not need it.',
      fixable: false,
    },
  ]
}
