import { testShapes } from './shapes.ts'

testShapes('openai-responses', { provider: 'openai', api: 'responses', model: 'gpt-4.1-mini' })
