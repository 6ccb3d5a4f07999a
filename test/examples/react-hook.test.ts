import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../scripts/entries.ts'
import { startExample } from './example-server.ts'

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium'

const APP = `
  import { createElement as h, StrictMode, useState } from 'react'
  import { createRoot } from 'react-dom/client'
  import { Chat } from './examples/react-hook/chat.ts'
  function App() {
    const [open, setOpen] = useState(true)
    return h('div', null,
      h('button', { id: 'fold', onClick: () => setOpen(!open) }, 'Fold'),
      open && h(Chat, { url: '/api/chat' }))
  }
  const place = document.body.appendChild(document.createElement('div'))
  createRoot(place).render(h(StrictMode, null, h(App)))
`

test('the hook in strict mode: streams, stops, lets go with its component', async ({ skip }) => {
  if (!existsSync(CHROMIUM)) skip(`there is no browser at ${CHROMIUM}`)
  const { outputFiles } = await build({
    stdin: { contents: APP, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    alias: { 'llm-switchyard/client': join(root, 'src/delivery/client/index.ts') },
    define: { 'process.env.NODE_ENV': '"development"' },
  })
  const server = await startExample('chat-page')
  onTestFinished(() => server.stop())
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  onTestFinished(() => browser.close())
  const page = await browser.newPage()
  const faults: string[] = []
  page.on('pageerror', ({ message }) => void faults.push(message))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text())
  })
  await page.route('**/app.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: '<!doctype html><link rel="icon" href="data:,"><body></body>',
    }),
  )
  await page.goto(`${server.url}/app.html`)
  await page.addScriptTag({ content: outputFiles[0]?.text ?? '' })
  const say = async (words: string): Promise<void> => {
    await page.getByLabel('Message').fill(words)
    await page.getByLabel('Message').press('Enter')
  }
  await say('Hello')
  await page.locator('.assistant.streaming').waitFor()
  await page.locator('.assistant.complete', { hasText: 'You said "Hello"' }).waitFor()
  expect(await page.locator('small').textContent()).toMatch(/^\d+ tokens$/)
  await say('a long story')
  await page.locator('.assistant', { hasText: 'Part 1.' }).waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.locator('.assistant.stopped').waitFor()
  await say('a long story')
  await page.locator('.assistant.streaming', { hasText: 'Part 1.' }).waitFor()
  const closed = page.waitForEvent('requestfailed')
  await page.locator('#fold').click()
  expect((await closed).url()).toBe(`${server.url}/api/chat`)
  await page.locator('#fold').click()
  expect(await page.locator('.assistant').count()).toBe(0)
  await say('Hello again')
  await page.locator('.assistant.complete', { hasText: 'You said "Hello again"' }).waitFor()
  expect(faults).toEqual([])
})
