import { render, screen } from '@testing-library/svelte'
import userEvent from '@testing-library/user-event'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import Menu from './Menu.svelte'

const rename = vi.fn()
const remove = vi.fn()
const user = userEvent.setup()

beforeEach(() => {
  render(Menu, {
    name: 'Actions for ci',
    items: [
      { label: 'Deactivate', pick: () => undefined },
      { label: 'Rename …', pick: rename },
      { label: 'Delete …', danger: true, pick: remove },
    ],
  })
})

const trigger = () => screen.getByRole('button', { name: 'Actions for ci' })
const item = (name: string) => screen.getByRole('menuitem', { name })

describe('Menu', () => {
  it('opens with Enter on its first entry and leaves with Escape', async () => {
    trigger().focus()
    expect(trigger()).toHaveAttribute('aria-expanded', 'false')
    await user.keyboard('{Enter}')
    expect(trigger()).toHaveAttribute('aria-expanded', 'true')
    expect(item('Deactivate')).toHaveFocus()
    await user.keyboard('{Escape}')
    expect(screen.queryByRole('menu')).toBeNull()
    expect(trigger()).toHaveFocus()
  })

  it('opens upwards on its last entry', async () => {
    trigger().focus()
    await user.keyboard('{ArrowUp}')
    expect(item('Delete …')).toHaveFocus()
  })

  it.each([
    ['{ArrowDown}', 'Rename …'],
    ['{ArrowDown}{ArrowDown}{ArrowDown}', 'Deactivate'],
    ['{ArrowUp}', 'Delete …'],
    ['{End}', 'Delete …'],
    ['{End}{Home}', 'Deactivate'],
    ['r', 'Rename …'],
    ['dd', 'Deactivate'],
    ['d', 'Delete …'],
    ['x', 'Deactivate'],
  ])('moves with %s to %s', async (keys, to) => {
    trigger().focus()
    await user.keyboard('{ArrowDown}' + keys)
    expect(item(to)).toHaveFocus()
  })

  it('picks with Enter, closed and with the focus back on its button', async () => {
    trigger().focus()
    rename.mockImplementation(() => expect(trigger()).toHaveFocus())
    await user.keyboard('{Enter}{ArrowDown}{Enter}')
    expect(rename).toHaveBeenCalledOnce()
    expect(screen.queryByRole('menu')).toBeNull()
  })

  it('leaves when something else is pressed', async () => {
    await user.click(trigger())
    await user.click(document.body)
    expect(screen.queryByRole('menu')).toBeNull()
    expect(remove).not.toHaveBeenCalled()
  })
})
