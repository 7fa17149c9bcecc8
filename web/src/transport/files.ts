/** Uploads images and networks to the server, and downloads the current network. */

import type { Session } from "./session";

export async function uploadPicture(session: Session, file: File): Promise<void> {
  await upload(session, "picture", file);
}

export async function uploadNetwork(session: Session, file: File): Promise<void> {
  await upload(session, "network", file);
}

/** Uploads a file as an image or a network, whichever it is. */
export async function uploadFile(session: Session, file: File): Promise<void> {
  if (file.type.startsWith("image/")) await uploadPicture(session, file);
  else if (/\.(safetensors|onnx)$/.test(file.name)) await uploadNetwork(session, file);
  else session.fail(`${file.name} is neither an image nor a network: drop an image, or a .safetensors or .onnx file.`);
}

/** Downloads the current network as a safetensors file. */
export function saveNetwork({ welcome }: Session, name: string): void {
  if (!welcome) return;
  const anchor = document.createElement("a");
  anchor.href = `network.safetensors?session=${encodeURIComponent(welcome.session)}`;
  anchor.download = `${name}.safetensors`;
  anchor.click();
}

async function upload(session: Session, kind: "picture" | "network", file: File): Promise<void> {
  const { welcome } = session;
  if (!welcome) return;
  if (file.size > welcome.maxUpload) {
    const limit = Math.floor(welcome.maxUpload / 1e6);
    session.fail(`${file.name} has ${Math.ceil(file.size / 1e6)} MB, but at most ${limit} MB are accepted: choose a smaller file.`);
    return;
  }
  try {
    const response = await fetch(`${kind}?session=${encodeURIComponent(welcome.session)}&after=${session.sent}`, { method: "POST", body: file });
    if (!response.ok) session.fail(await problem(response));
  } catch {
    session.fail(`${file.name} did not reach the studio's server: check that it is still running.`);
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
  return text || `The studio's server answered with status ${response.status}.`;
}
