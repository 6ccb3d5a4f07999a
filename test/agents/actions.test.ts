import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createActions, createFileTracker, type ActionEntry } from 'llm-switchyard/agents'
import { describe, expect, test } from 'vitest'
import { chance } from '../chance.ts'
import { runChild } from '../children.ts'
import { failure } from '../failure.ts'

const key = { conversationId: 'c1', userId: 'ada' }

describe('a file tracker', () => {
  test('keeps the changes of a conversation in order, and tells their difference from first to last', () => {
    const tracker = createFileTracker()
    tracker.add(key, {
      path: 'a.txt',
      before: 'one\ntwo\n',
      after: 'one\n2\n',
      tool: 'write',
      messageId: 'm1',
    })
    tracker.add(key, { path: 'a.txt', before: 'one\n2\n', after: 'one\n2\nthree\n' })
    tracker.add(key, { path: 'new.txt', after: 'hello\n' })
    tracker.add({ ...key, userId: 'bob' }, { path: 'b.txt', after: 'x' })
    expect(tracker.list(key).map(({ path }) => path)).toEqual(['a.txt', 'a.txt', 'new.txt'])
    expect(tracker.diff(key)).toBe(
      [
        '--- a/a.txt',
        '+++ b/a.txt',
        '@@ -1,2 +1,3 @@',
        ' one',
        '-two',
        '+2',
        '+three',
        '--- /dev/null',
        '+++ b/new.txt',
        '@@ -0,0 +1,1 @@',
        '+hello',
        '',
      ].join('\n'),
    )
    tracker.clear(key)
    expect(tracker.list(key)).toEqual([])
    expect(tracker.list({ ...key, userId: 'bob' })).toHaveLength(1)
  })

  test.each(['../secret', '/etc/passwd', 'a/../../b', 'a//b', String.raw`a\b`, 'C:x', '', 'a\u0000b'])(
    'refuses the path %j',
    (path) => {
      expect(() => createFileTracker().add(key, { path, after: 'x' })).toThrow(
        'no path inside of the project',
      )
    },
  )

  test('its differences are applied by git, whatever the change', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'diff-'))
    try {
      const random = chance(7)
      const textOf = (lines: number): string =>
        Array.from({ length: lines }, () => `line ${Math.floor(random() * 12)}\n`).join('')
      for (let round = 0; round < 12; round++) {
        const before = textOf(1 + Math.floor(random() * 30))
        const after = textOf(1 + Math.floor(random() * 30))
        const tracker = createFileTracker()
        tracker.add(key, { path: 'file.txt', before, after })
        await writeFile(join(folder, 'file.txt'), before)
        await writeFile(join(folder, 'change.patch'), tracker.diff(key))
        if (before !== after) await runChild('git', ['apply', 'change.patch'], { cwd: folder })
        expect(await readFile(join(folder, 'file.txt'), 'utf8')).toBe(after)
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})

describe('actions', () => {
  const entries: ActionEntry[] = []
  const actions = createActions({
    actions: {
      'get-diff': { run: (input: { readonly a: number }) => input.a + 1 },
      'create-pr': { permission: 'deploy', run: () => 'https://example.com/pr/1' },
      broken: {
        run: () => {
          throw new Error('no network')
        },
      },
    },
    audit: (entry) => {
      entries.push(entry)
      throw new Error('audit is down')
    },
  })
  const ada = { userId: 'ada', permissions: ['read'] }

  test('run with their permission, and every one is audited once', async () => {
    expect(actions.list(ada)).toEqual(['get-diff', 'broken'])
    expect(await actions.run('get-diff', { a: 1 }, ada)).toBe(2)
    expect((await failure(actions.run('create-pr', {}, ada))).kind).toBe('unauthorized')
    expect(await actions.run('create-pr', {}, { ...ada, permissions: ['deploy'] })).toContain('/pr/1')
    expect((await failure(actions.run('broken', {}, ada))).message).toContain('no network')
    expect((await failure(actions.run('__proto__', {}, ada))).kind).toBe('not-found')
    expect(entries.map(({ action, result }) => [action, result])).toEqual([
      ['get-diff', 'success'],
      ['create-pr', 'refused'],
      ['create-pr', 'success'],
      ['broken', 'failure'],
      ['__proto__', 'refused'],
    ])
  })
})
