/** Files to and from the server: pictures to read, networks to open and to keep. */

import type { Studio } from "../state/studio.svelte";

export async function uploadPicture(studio: Studio, file: File): Promise<void> {
  await upload(studio, "picture", file);
}

export async function uploadNetwork(studio: Studio, file: File): Promise<void> {
  await upload(studio, "network", file);
}

/** The network as it stands, as a safetensors file. */
export function saveNetwork(studio: Studio): void {
  const session = studio.welcome?.session;
  if (!session) return;
  const anchor = document.createElement("a");
  anchor.href = `network.safetensors?session=${encodeURIComponent(session)}`;
  anchor.download = `${studio.network?.name ?? "network"}.safetensors`;
  anchor.click();
}

async function upload(studio: Studio, kind: "picture" | "network", file: File): Promise<void> {
  const { welcome } = studio;
  if (!welcome) return;
  if (file.size > welcome.maxUpload) {
    const most = Math.floor(welcome.maxUpload / 1e6);
    studio.fail(`A ${kind} may have at most ${most} MB, and ${file.name} has ${Math.ceil(file.size / 1e6)}: choose a smaller one.`);
    return;
  }
  try {
    const response = await fetch(`${kind}?session=${encodeURIComponent(welcome.session)}`, { method: "POST", body: file });
    if (!response.ok) studio.fail(await problem(response));
  } catch {
    studio.fail(`${file.name} did not reach the studio's server: see whether it still runs.`);
  }
}

async function problem(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const told: unknown = JSON.parse(text);
    if (told && typeof told === "object" && "message" in told) return String(told.message);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return text || `The studio's server answered ${response.status}.`;
}
