import { createMcpServer } from '../../src/mcp/index.ts'

// Run as a child process by the tests.
const server = createMcpServer({
  name: 'yard',
  tools: [
    { name: 'hello', execute: () => 'hello' },
    { name: 'ship', permission: 'deploy', execute: () => 'shipped' },
  ],
})
await server.stdio({ permissions: ['read'] })
