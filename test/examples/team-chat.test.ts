import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { startExample, type ExampleServer } from './example-server.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'
const reason = existsSync(CHROMIUM)
  ? undefined
  : `there is no browser at ${CHROMIUM}: install chromium, or name one in CHROMIUM`

describe('the team chat in a real browser', () => {
  let browser: Browser | undefined
  let server: ExampleServer | undefined
  beforeAll(async () => {
    if (reason !== undefined) return
    server = await startExample('team-chat')
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
  })
  beforeEach(({ skip }) => {
    if (reason !== undefined) skip(reason)
  })

  /** A person at a browser of their own; the page must neither throw nor load anything from elsewhere. */
  async function signIn(person: string): Promise<Page> {
    const context: BrowserContext = await browser!.newContext()
    const page = await context.newPage()
    const faults: string[] = []
    page.on('pageerror', (error) => void faults.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server!.url)) faults.push(`loads ${request.url()}`)
    })
    onTestFinished(async () => {
      await context.close()
      expect(faults).toEqual([])
    })
    await page.goto(server!.url)
    await page.getByRole('button', { name: person }).click()
    return page
  }
  async function begin(person = 'Ada'): Promise<Page> {
    const page = await signIn(person)
    const greeting = page.locator('.assistant', { hasText: `Good day, ${person}.` })
    await greeting.waitFor()
    const shown = page.url()
    await page.locator('#new').click()
    await expect.poll(() => page.url()).not.toBe(shown)
    await expect.poll(() => page.locator('.message').count()).toBe(1)
    await greeting.waitFor()
    return page
  }
  async function say(page: Page, words: string): Promise<void> {
    await page.getByLabel('Message', { exact: true }).fill(words)
    await page.getByLabel('Message', { exact: true }).press('Enter')
  }
  const last = (page: Page): Locator => page.locator('.message').last()
  const done = (page: Page, text: string | RegExp): Promise<void> =>
    page.locator('.message.assistant.complete', { hasText: text }).last().waitFor({ timeout: 30_000 })
  /** What was said, as the server has it. */
  async function stored(page: Page): Promise<readonly { role: string; content: unknown }[]> {
    const id = page.url().split('#')[1]
    const view = await page.evaluate(async (path) => (await fetch(path)).json(), `/api/conversations/${id}`)
    return (view as { messages: { role: string; content: unknown }[] }).messages
  }
  const texts = (page: Page): Promise<string[]> => page.locator('.message .body').allTextContents()
  /** A button on a message, which only stored messages have. */
  const action = (message: Locator, name: string): Locator =>
    message.getByRole('button', { name, exact: true })

  test('a tool runs, its result and the answer after it are one message; a second turn; the same after a reload', async () => {
    const page = await begin()
    await say(page, 'tides at Whitby')
    await page.locator('.tool b[data-state=running]').waitFor()
    await done(page, 'The gauge says')
    await action(last(page), 'Fork').waitFor()
    expect(await page.locator('.message').count()).toBe(3)
    expect(await last(page).locator('.tool b').getAttribute('data-state')).toBe('completed')
    await say(page, 'thanks')
    await done(page, 'You said "thanks"')
    await action(last(page), 'Fork').waitFor()
    const shown = await texts(page)
    expect(await stored(page)).toMatchObject(
      ['assistant', 'user', 'assistant', 'tool', 'assistant', 'user', 'assistant'].map((role) => ({ role })),
    )
    await page.reload()
    await done(page, 'You said "thanks"')
    expect(await texts(page)).toEqual(shown)
    expect(await page.locator('#total').textContent()).toMatch(/^\d+ tokens/)
    await page
      .locator('#list button', { hasText: /^About/ })
      .first()
      .waitFor()
  })

  test('a call waits for a person, also over a reload; a subagent works inside of its call', async () => {
    const page = await begin()
    await say(page, 'a berth at Whitby')
    await page.getByRole('button', { name: 'Approve' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Approve' }).click()
    await done(page, 'Berth 4 at Whitby is yours.')
    await say(page, 'a berth at Robin')
    await page.getByRole('button', { name: 'Deny' }).click()
    await done(page, 'the call was not approved')
    await say(page, 'ask the navigator')
    await page.locator('.tool.inner', { hasText: 'Navigator: get_tides' }).waitFor()
    await done(page, /The gauge says: .*Whitby/)
    const roles = (await stored(page)).map(({ role }) => role)
    expect(roles.filter((role) => role === 'user')).toHaveLength(3)
  })

  test('stop keeps what came, on the server, too', async () => {
    const page = await begin()
    await say(page, 'a long story')
    await page.locator('.assistant.streaming', { hasText: 'Part 1.' }).waitFor()
    await page.getByRole('button', { name: 'Stop' }).click()
    await page.locator('.assistant.stopped').waitFor()
    await action(last(page), 'Fork').waitFor()
    const kept = await last(page).locator('.text').textContent()
    expect(kept).toMatch(/^Part 1\./)
    expect(kept).not.toContain('home')
    expect((await stored(page)).at(-1)).toMatchObject({ role: 'assistant', content: kept, partial: true })
    await say(page, 'and on')
    await done(page, 'You said "and on"')
  })

  test('a reload in mid-answer continues it, and it is stored once', async () => {
    const page = await begin()
    await say(page, 'a long story')
    await page.locator('.assistant.streaming', { hasText: 'Part 1.' }).waitFor()
    await page.reload()
    await page.locator('.assistant.streaming', { hasText: 'Part 2.' }).waitFor()
    await done(page, 'home')
    await action(last(page), 'Fork').waitFor()
    expect(await page.locator('.message').count()).toBe(3)
    const text = await last(page).locator('.text').textContent()
    expect((await stored(page)).at(-1)).toMatchObject({ role: 'assistant', content: text })
    expect((await stored(page)).length).toBe(3)
  })

  test('a colleague who is invited follows the same answer and writes, too', async () => {
    const ada = await begin()
    await ada.getByLabel('Invite a colleague').selectOption({ label: 'Ben' })
    await expect.poll(() => ada.locator('#members').textContent()).toBe('Ada, Ben')
    const ben = await signIn('Ben')
    await ben.locator('#list button', { hasText: 'of Ada' }).first().click()
    await say(ada, 'a long story')
    await ben.locator('.assistant.streaming', { hasText: 'Part 1.' }).waitFor({ timeout: 20_000 })
    await done(ben, 'home')
    await done(ada, 'home')
    await action(last(ben), 'Fork').waitFor()
    await say(ben, 'thank you both')
    await done(ben, 'You said "thank you both"')
    await ada.locator('.user', { hasText: 'thank you both' }).waitFor({ timeout: 20_000 })
    await expect.poll(() => texts(ada)).toEqual(await texts(ben))
    expect(await ada.locator('.user .author').allTextContents()).toEqual(['Ada', 'Ben'])
  })

  test('somebody of another organisation finds nothing, by no door', async () => {
    const ada = await begin()
    await say(ada, 'the vault is behind the clock')
    await done(ada, 'You said')
    await action(last(ada), 'Fork').waitFor()
    const id = ada.url().split('#')[1]
    const message = await last(ada).getAttribute('data-id')
    const dan = await begin('Dan')
    const statuses = await dan.evaluate(
      async (paths) =>
        Promise.all(paths.map(async ([method, path]) => (await fetch(path!, { method: method! })).status)),
      [
        ['GET', `/api/conversations/${id}`],
        ['DELETE', `/api/conversations/${id}`],
        ['POST', `/api/conversations/${id}/messages/${message}/fork`],
        ['POST', `/api/conversations/${id}/messages/${message}/react`],
        ['GET', `/api/conversations/${id}/messages/${message}/variants`],
        ['DELETE', `/api/conversations/${id}/messages/${message}`],
        ['GET', `/api/chat/${id}/status`],
        ['GET', `/api/chat/${id}/stream`],
      ],
    )
    expect(statuses.every((status) => status === 404 || status === 400 || status === 204)).toBe(true)
    await dan.getByLabel('Search messages').fill('vault')
    await dan.locator('#found', { hasText: 'Nothing found.' }).waitFor()
    await ada.getByLabel('Search messages').fill('vault')
    await ada.locator('#found button', { hasText: 'behind the clock' }).first().click()
  })

  test('what is shown can be reacted to, edited, asked again, chosen, forked and deleted', async () => {
    const page = await begin()
    await say(page, 'first words')
    await done(page, 'You said "first words"')
    await action(last(page), '👍').click()
    await page.locator('.reaction', { hasText: '👍 1' }).waitFor()
    await action(last(page), 'Ask again').click()
    await action(last(page), 'Other answer').waitFor()
    expect(await page.locator('.message').count()).toBe(3)
    const id = await last(page).getAttribute('data-id')
    await action(last(page), 'Other answer').click()
    await expect.poll(() => last(page).getAttribute('data-id')).not.toBe(id)
    page.once('dialog', (dialog) => void dialog.accept('better words'))
    await action(page.locator('.user').last(), 'Edit').click()
    await page.locator('.user', { hasText: 'better words' }).waitFor()
    const before = page.url()
    await action(last(page), 'Fork').click()
    await expect.poll(() => page.url()).not.toBe(before)
    await page.locator('.user', { hasText: 'better words' }).waitFor()
    await action(page.locator('.user').last(), 'Delete').click()
    await page.locator('.user').waitFor({ state: 'detached' })
    await page.goto(before)
    await page.reload()
    await page.locator('.user', { hasText: 'better words' }).waitFor()
  })

  test('moderation refuses one message, hides a name in another, and harms no other turn', async () => {
    const page = await begin()
    await say(page, 'open sesame')
    await page.locator('#notice').waitFor()
    expect(await page.locator('#notice-text').textContent()).toContain('breaks the rules')
    expect((await stored(page)).length).toBe(1)
    await page.reload()
    await say(page, 'where is project nightjar')
    await done(page, 'You said "where is [project]"')
  })

  test('an answer that fails in the first or in the second round says so, and can be asked for again', async () => {
    const page = await begin()
    for (const words of ['fail please', 'tides at Whitby, then fail']) {
      await say(page, words)
      await page.getByRole('button', { name: 'Try again' }).waitFor()
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.locator('#notice').waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: 'Try again' }).waitFor()
      expect(await page.locator('.user', { hasText: words }).count()).toBe(1)
    }
    await say(page, 'hello after all')
    await done(page, 'You said "hello after all"')
  })

  test('a file goes along and is told after a reload', async () => {
    const page = await begin()
    await page.getByLabel('Attach files').setInputFiles({
      name: 'depths.txt',
      mimeType: 'text/plain',
      buffer: Buffer.from('four fathoms'),
    })
    await page.locator('#files', { hasText: 'depths.txt' }).waitFor()
    await say(page, 'read this')
    await done(page, 'You said')
    await page.reload()
    await page.locator('.user .file', { hasText: 'depths.txt' }).waitFor()
  })

  test('nothing went wrong in the server meanwhile', () => {
    expect(server?.errors()).toBe('')
  })
})
