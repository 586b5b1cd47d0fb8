// promptfoo with its echo provider. Run by harness.py in a folder that has promptfoo installed.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const here = createRequire(`${process.cwd()}/`);
const promptfoo = (await import(pathToFileURL(here.resolve("promptfoo")))).default;
const [text, count] = [process.argv[2], Number(process.argv[3])];

const tests = Array.from({ length: count }, (_, number) => ({
  vars: { text: `${text} ${number}` },
  assert: [{ type: "contains", value: String(number) }],
}));
const before = process.cpuUsage();
const result = await promptfoo.evaluate(
  { prompts: ["{{text}}"], providers: ["echo"], tests, writeLatestResults: true },
  { maxConcurrency: 64, cache: false, showProgressBar: false },
);
const spent = process.cpuUsage(before);
const stats = result.stats ?? (await result.toEvaluateSummary()).stats;
if (stats.successes !== count) throw new Error(JSON.stringify(stats));
console.log(JSON.stringify({ calls: count, cpu: (spent.user + spent.system) / 1e6 }));
process.exit(0);
