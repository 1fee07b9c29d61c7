import { beforeEach, describe, expect, it } from 'vitest'
import { Look } from './look.svelte'

let answers: ((value: number) => void)[]
let fails: ((reason: unknown) => void)[]
let look: Look<number>

beforeEach(() => {
  answers = []
  fails = []
  look = new Look(
    () =>
      new Promise<number>((resolve, reject) => {
        answers.push(resolve)
        fails.push(reject)
      }),
  )
})

async function loaded(value: number) {
  const loading = look.load()
  answers[0]?.(value)
  await loading
}

describe('Look', () => {
  it('keeps what was answered', async () => {
    await loaded(1)
    expect([look.view, look.busy, look.error]).toEqual([1, '', null])
  })

  it('keeps what is known where it fails', async () => {
    await loaded(1)
    const again = look.load()
    fails[1]?.({ code: 'offline', message: 'It does not answer.', action: '' })
    await again
    expect([look.view, look.error?.code]).toEqual([1, 'offline'])
  })

  it('is not asked anew by who has not looked yet', async () => {
    await look.refresh()
    expect(answers).toHaveLength(0)
  })

  it('looks again without a sign of it, and without an error', async () => {
    await loaded(1)
    const again = look.refresh()
    expect(look.busy).toBe('')
    fails[1]?.('gone')
    await again
    expect([look.view, look.error]).toEqual([1, null])
  })

  it('looks once more where something changed meanwhile, and once only', async () => {
    await loaded(1)
    const again = look.refresh()
    void look.refresh()
    void look.refresh()
    answers[1]?.(2)
    await expect.poll(() => answers.length).toBe(3)
    answers[2]?.(3)
    await again
    expect([look.view, answers.length]).toEqual([3, 3])
  })

  it('does not hide a newer answer behind an older', async () => {
    await loaded(1)
    const older = look.refresh()
    const newer = look.load()
    answers[2]?.(3)
    await newer
    answers[1]?.(2)
    await older
    expect(look.view).toBe(3)
  })

  it('is empty for another account, also where an answer comes late', async () => {
    const loading = look.load()
    look.clear()
    answers[0]?.(1)
    await loading
    expect(look.view).toBeNull()
  })
})
