import { mount } from 'svelte'
import App from './App.svelte'
import './app.css'
import { wails, type Backend } from './lib/backend'

async function backend(): Promise<Backend> {
  if (import.meta.env.MODE !== 'fake') return wails()
  const fake = (await import('./fake/address')).fromAddress(location.search)
  Object.assign(window, { fake }) // what the tests hold
  return fake
}

const target = document.getElementById('app')
if (!target) throw new Error('no place for the window')
mount(App, { target, props: { backend: await backend() } })
