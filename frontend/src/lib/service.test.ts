import { describe, expect, it } from 'vitest'
import { Fake, fault } from '../fake'
import { Service } from './service.svelte'

describe('Service', () => {
  it('looks, stops and starts', async () => {
    const service = new Service(new Fake())
    await service.load()
    expect(service.status?.state).toBe('running')
    await service.stop()
    expect(service.status?.state).toBe('stopped')
    await service.start()
    expect(service.status?.state).toBe('running')
  })

  it('keeps what it knew when something fails', async () => {
    const fake = new Fake()
    const service = new Service(fake)
    await service.load()
    fake.fail['Service.Stop'] = fault('failed', 'It does not stop.', 'Read its log.')
    await service.stop()
    expect(service.status?.state).toBe('running')
    expect(service.error?.action).toBe('Read its log.')
  })
})
