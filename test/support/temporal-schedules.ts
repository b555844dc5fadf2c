import { Client, Connection } from '@temporalio/client';

/** Ids of what is scheduled in the Temporal of an address. */
export async function temporalSchedules(address: string): Promise<string[]> {
  const connection = await Connection.connect({ address });
  try {
    const { schedule } = new Client({ connection });
    return await Array.fromAsync(schedule.list(), ({ scheduleId }) => scheduleId);
  } finally {
    await connection.close();
  }
}
