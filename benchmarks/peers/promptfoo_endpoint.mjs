// promptfoo against an OpenAI-compatible server. Run by endpoint.py in a folder that has promptfoo.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [count, atOnce, port] = process.argv.slice(3).map(Number);
// Its connections are four, whatever the concurrency asked for, unless this says otherwise.
process.env.PROMPTFOO_FETCH_CONNECTIONS = String(atOnce);
const here = createRequire(`${process.cwd()}/`);
const promptfoo = (await import(pathToFileURL(here.resolve("promptfoo")))).default;
const text = process.argv[2];

const tests = Array.from({ length: count }, (_, number) => ({
  vars: { text: `${text} ${number}` },
  assert: [{ type: "contains", value: "grant" }],
}));
const provider = {
  id: "openai:chat:waiting",
  config: { apiBaseUrl: `http://127.0.0.1:${port}/v1`, apiKey: "none", max_tokens: 1 },
};
const before = process.cpuUsage();
const began = performance.now();
const result = await promptfoo.evaluate(
  { prompts: ["{{text}}"], providers: [provider], tests, writeLatestResults: true },
  { maxConcurrency: atOnce, cache: false, showProgressBar: false },
);
const wall = (performance.now() - began) / 1000;
const spent = process.cpuUsage(before);
const stats = result.stats ?? (await result.toEvaluateSummary()).stats;
if (stats.successes !== count) throw new Error(JSON.stringify(stats));
console.log(JSON.stringify({ cpu: (spent.user + spent.system) / 1e6, wall }));
process.exit(0);
