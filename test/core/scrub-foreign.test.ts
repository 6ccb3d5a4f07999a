import { LlmError } from 'llm-switchyard'
import { expect, test } from 'vitest'
import { fullReason, publicReason } from '../../src/core/scrub-foreign.ts'

test.each<[unknown, string]>([
  [new Error('no city named Rom'), 'no city named Rom'],
  [new Error('connect postgres://admin:hunter2@db.example/x failed'), 'connect [address] failed'],
  [new Error('redis://10.0.0.5:6379 is down'), '[address] is down'],
  [new Error('connect ECONNREFUSED 10.0.0.5:5432'), 'connect ECONNREFUSED [address]'],
  [new Error('GET http://localhost:3000/admin?x=1 failed'), 'GET [address] failed'],
  [new Error('GET https://ada:pw@example.org/x failed'), 'GET [address] failed'],
  [new Error('GET https://example.org/x returned 404'), 'GET https://example.org/x returned 404'],
  [new Error('key sk-proj-AbCdEf0123456789AbCdEf0123456789'), 'key [secret]'],
  [new Error('login failed: password=hunter2, user=ada'), 'login failed: password=[secret], user=ada'],
  [new Error('first line\n    at file:///srv/app.js'), 'first line'],
  [new LlmError('network', 'openai: no connection to 1.2.3.4'), 'it failed: network'],
  [new LlmError('invalid-request', 'size: takes a number'), 'size: takes a number'],
  ['plain text', 'plain text'],
  [undefined, 'undefined'],
  [new Error(''), 'it failed without a reason'],
  [Object.create(null), 'it failed without a reason'],
  [new Error('x'.repeat(100_000)), `${'x'.repeat(500)}…`],
])('%s', (thrown, told) => {
  expect(publicReason(thrown)).toBe(told)
})

test('the log has all of it', () => {
  expect(fullReason(new Error('connect postgres://admin:hunter2@db failed'))).toContain('hunter2')
  expect(fullReason(Object.create(null))).toBe('')
})
