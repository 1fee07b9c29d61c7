import { describe, expect, it } from 'vitest'
import { stepped, zooms } from './zoom'

describe('zoom', () => {
  it('steps through all, and stays at the ends', () => {
    let zoom = 50
    const seen = [zoom]
    for (let i = 0; i < 20; i++) if (stepped(zoom, true) !== zoom) seen.push((zoom = stepped(zoom, true)))
    expect(seen).toEqual([...zooms])
    expect(stepped(200, true)).toBe(200)
    expect(stepped(50, false)).toBe(50)
  })

  it('goes on from one that is none of them', () => {
    expect([stepped(133, true), stepped(133, false)]).toEqual([150, 125])
  })
})
