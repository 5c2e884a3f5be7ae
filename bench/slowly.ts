import { throttle } from './throttle';

/*
 * `node script/ts.mjs bench/slowly.ts HOST:PORT MEGABYTES`: a slow network before a server. It prints the address at which HOST:PORT is now
 * reached with so many megabytes a second in each direction, all connections together, until it is stopped.
 */

async function main([target = '', megabytes = '']: readonly string[]): Promise<void> {
  if (!/^[^\s:]+:\d+$/.test(target) || !(Number(megabytes) > 0)) {
    process.stderr.write('Usage: node script/ts.mjs bench/slowly.ts HOST:PORT MEGABYTES\n');
    process.exitCode = 2;
    return;
  }
  const { host } = await throttle(target, Number(megabytes) * 1e6);
  process.stdout.write(`${host}\n`);
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  console.error(thrown);
  process.exitCode = 1;
});
