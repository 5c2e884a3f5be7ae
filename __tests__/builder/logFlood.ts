/** Sends 100 MB of build output through parser and log file. Started by its test with little memory: whoever keeps it all dies. */
import { EventLog } from '../../src/builder/eventLog';
import { RawProgress } from '../../src/builder/rawProgress';

const line = (status: unknown): string => `${JSON.stringify(status)}\n`;
const output = (text: string, vertex: string): unknown => ({
  vertex,
  stream: 1,
  data: Buffer.from(text).toString('base64'),
});
const steps = Array.from({ length: 30 }, (_, index) => `step ${String(index)}`);
const chunks = [
  // Steps that all run, lines that end and one that never does.
  line({ vertexes: steps.map((digest) => ({ digest, name: digest, started: '2026-11-23T06:41:54.9Z' })) }),
  line({ logs: steps.map((step) => output('some words of a log, line of it\n'.repeat(100), step)) }),
  line({ logs: [output('.'.repeat(30_000), 'step 1')] }),
  'plain text of which there is a lot\n'.repeat(1_000),
].map((text) => Buffer.from(text));

const raw = new RawProgress();
const log = new EventLog('/dev/null');
let characters = 0;
for (let sent = 0; sent < 100_000_000;) {
  for (const chunk of chunks) {
    sent += chunk.length;
    for (const event of raw.push(chunk)) {
      log.write(event);
      if (event.kind === 'log') characters += event.text.length;
    }
  }
}
log.close();
console.log(`${String(characters)} characters, ${String(raw.account().failure.tail.length)} lines of a tail`);
