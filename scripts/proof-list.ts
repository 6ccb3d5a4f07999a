/**
 * The proofs: tests that take a slice of their cases in `npm test`, and all of them, with times measured, in
 * `npm run proofs -- <name>`. Each is a list of test files.
 */
export const proofs: Readonly<Record<string, readonly string[]>> = {
  kills: [
    'test/persistence/sqlite-processes.test.ts',
    'test/services/postgres/many-processes.test.ts',
    'test/conversations/crash.test.ts',
    'test/conversations/postgres.test.ts',
    'test/tools/crash.test.ts',
    'test/services/postgres/killed-runs.test.ts',
  ],
  load: [
    'test/conversations/concurrency.test.ts',
    'test/delivery/http/stuck-readers.test.ts',
    'test/delivery/http/chat-handler/resume.test.ts',
    'test/orchestrator/leaks.test.ts',
    'test/orchestrator/settles.test.ts',
    'test/services/redis/outage.test.ts',
    'test/services/redis/stream-log-processes.test.ts',
  ],
  'hostile-bodies': ['test/delivery/http/hostile-bodies.test.ts'],
  accounting: ['test/conversations/accounting/accounting.test.ts'],
  'frozen-database': ['test/services/postgres/frozen.test.ts'],
  'hostile-patterns': [
    'test/core/input-limits.test.ts',
    'test/moderation/redos.test.ts',
    'test/moderation/rules.test.ts',
    'test/prompts/chat-dictionary.test.ts',
    'test/prompts/slow-patterns.test.ts',
  ],
  'hostile-templates': [
    'test/templates/attacks.test.ts',
    'test/templates/memory.test.ts',
    'test/templates/random.test.ts',
  ],
  'random-cases': [
    'test/limits/properties.test.ts',
    'test/moderation/chunkings.test.ts',
    'test/moderation/pii.test.ts',
    'test/queue/properties.test.ts',
    'test/moderation/redact.test.ts',
    'test/transport/sigv4.test.ts',
  ],
  leaving: [
    'test/delivery/clients/anthropic.test.ts',
    'test/delivery/clients/curl.test.ts',
    'test/delivery/clients/langchain.test.ts',
    'test/delivery/clients/openai-chat.test.ts',
    'test/delivery/clients/openai-more.test.ts',
    'test/delivery/http/chat-handler/chat-handler.test.ts',
    'test/delivery/http/event-body-upstream.test.ts',
    'test/delivery/http/leaving.test.ts',
    'test/orchestrator/connect.test.ts',
    'test/orchestrator/deadlines.test.ts',
  ],
}
