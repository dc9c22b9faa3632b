import { apiPath, getJson } from '#components/api/api-client.ts';
import { notifyProblem } from '#components/notify.tsx';
import type { ApiPage } from '#lib/api/answer.ts';
import type { ApiLogLine } from '#lib/api/session.ts';

const PAGE = 200;

/** Saves the whole log as a text file, read page by page. */
export async function downloadLog(sessionId: number): Promise<void> {
  try {
    const parts: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = apiPath(`/api/sessions/${sessionId}/logs`, { limit: PAGE, cursor });
      const page: ApiPage<ApiLogLine> = await getJson(path);
      parts.push(...page.items.map(formatLine));
      cursor = page.nextCursor;
    } while (cursor !== null);
    saveText(`session-${sessionId}.log`, parts.join(''));
  } catch (error) {
    notifyProblem(error instanceof Error ? error : new Error(String(error)));
  }
}

function formatLine({ at, level, workerId, message, context }: ApiLogLine): string {
  const details = context === null ? '' : ` ${JSON.stringify(context)}`;
  return `${at} ${level.padEnd(5)} ${workerId ?? '-'} ${message}${details}\n`;
}

function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
