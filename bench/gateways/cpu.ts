// Loaded before a gateway in its own process: answers every message with the CPU time that the process has used.
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuUs: user + system, rssKib: process.memoryUsage.rss() / 1_024 })
})
process.on('disconnect', () => process.exit(0))
