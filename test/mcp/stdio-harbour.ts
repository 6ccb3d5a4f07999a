import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { sdkServer } from './sdk-server.ts'

// Run as a child process by the tests.
const server = sdkServer()
server.registerTool('pid', {}, () => ({ content: [{ type: 'text', text: String(process.pid) }] }))
server.registerTool('die', {}, () => process.exit(1))
await server.connect(new StdioServerTransport())
