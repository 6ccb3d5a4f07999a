/** A template process that hangs, grows or dies, as its template says. */
export function serveTemplates() {
  const kept = []
  process.on('message', ({ id, source }) => {
    if (source === 'hang') for (;;);
    if (source === 'grow') for (;;) kept.push(Array.from({ length: 1_000 }, () => ({})))
    if (source === 'die') process.exit(3)
    if (source === 'lie') process.send({ id: id + 1, text: 'for another' })
    process.send(
      source === 'garble' ? { id, text: { not: 'a text' } } : { id, text: `${source} ${process.pid}` },
    )
  })
  process.send({})
}
