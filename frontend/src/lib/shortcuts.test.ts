import { describe, expect, it, vi } from 'vitest'
import { found, Keys, shortcuts, type Shortcut } from './shortcuts'

const pressed = (key: string, control = false, more: KeyboardEventInit = {}) =>
  new KeyboardEvent('keydown', { key, ctrlKey: control, cancelable: true, bubbles: true, ...more })

describe('shortcuts', () => {
  it.each<[string, boolean, Shortcut, number]>([
    ['1', true, 'section', 1],
    ['5', true, 'section', 5],
    [',', true, 'settings', 0],
    ['f', true, 'search', 0],
    ['/', false, 'search', 0],
    ['n', true, 'new', 0],
    ['r', true, 'refresh', 0],
    ['F5', false, 'refresh', 0],
    ['F2', false, 'rename', 0],
    ['Delete', false, 'delete', 0],
    ['w', true, 'close', 0],
    ['Q', true, 'quit', 0],
    ['?', true, 'list', 0],
    ['+', true, 'larger', 0],
    ['=', true, 'larger', 0],
    ['-', true, 'smaller', 0],
    ['0', true, 'plain', 0],
  ])('%s (Ctrl: %s) is %s', (key, control, does, n) => {
    const meant = found(pressed(key, control))
    expect([meant?.row.does, meant?.n]).toEqual([does, n])
  })

  it.each([
    ['6', true],
    ['1', false],
    ['n', false],
    ['x', true],
  ])('%s (Ctrl: %s) is none', (key, control) => expect(found(pressed(key, control))).toBeNull())

  it('leaves Alt and Super to the desktop', () => {
    expect(found(pressed('r', true, { altKey: true }))).toBeNull()
    expect(found(pressed('F5', false, { metaKey: true }))).toBeNull()
  })

  it('are each once in the table', () => {
    const all = shortcuts.flatMap((row) => row.chords.map((one) => `${one.control ?? false} ${one.key}`))
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('Keys', () => {
  it('gives a key to the latest who takes it, and back', () => {
    const keys = new Keys()
    const [window, pane] = [vi.fn(), vi.fn()]
    keys.on('new', window)
    const end = keys.on('new', pane)
    keys.press(pressed('n', true), false)
    end()
    keys.press(pressed('n', true), false)
    expect([window.mock.calls.length, pane.mock.calls.length]).toEqual([1, 1])
  })

  it('does nothing behind a dialog, but for closing', () => {
    const keys = new Keys()
    const [search, close] = [vi.fn(), vi.fn()]
    keys.on('search', search)
    keys.on('close', close)
    keys.press(pressed('f', true), true)
    keys.press(pressed('w', true), true)
    expect([search.mock.calls.length, close.mock.calls.length]).toEqual([0, 1])
  })

  it('keeps the page from being loaded anew, whoever listens', () => {
    const event = pressed('F5')
    new Keys().press(event, true)
    expect(event.defaultPrevented).toBe(true)
  })

  it('leaves a letter to who is writing', () => {
    const keys = new Keys()
    const search = vi.fn()
    keys.on('search', search)
    const field = document.body.appendChild(document.createElement('input'))
    field.addEventListener('keydown', (event) => keys.press(event, false))
    const event = pressed('/')
    field.dispatchEvent(event)
    expect([search.mock.calls.length, event.defaultPrevented]).toEqual([0, false])
    field.dispatchEvent(pressed('f', true))
    expect(search).toHaveBeenCalledOnce()
    field.remove()
  })
})
