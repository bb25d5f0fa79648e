/* A module of ipmi_sim: answers DCMI's "Get Power Reading" with the watts in the file that its argument names. */
#include <OpenIPMI/mcserv.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static char file[512];

static void little_endian(unsigned char *place, unsigned value, int count) {
  for (; count > 0; count--, value >>= 8) *place++ = value;
}

static void answer(lmc_data_t *mc, msg_t *message, unsigned char *data, unsigned int *length, void *context) {
  data[0] = 0;
  data[1] = 0xdc;
  if (message->cmd != 2) {
    data[0] = 0xc1;
    *length = 2;
    return;
  }
  unsigned watts = 0;
  FILE *source = fopen(file, "r");
  if (source) {
    if (fscanf(source, "%u", &watts) != 1) watts = 0;
    fclose(source);
  }
  /* Now, least, most and average; when, over how many milliseconds, and that it is on. */
  for (int at = 0; at < 4; at++) little_endian(data + 2 + 2 * at, watts, 2);
  little_endian(data + 10, time(NULL), 4);
  little_endian(data + 14, 1000, 4);
  data[18] = 0x40;
  *length = 19;
}

int ipmi_sim_module_print_version(sys_data_t *system, char *options) { return 0; }

int ipmi_sim_module_init(sys_data_t *system, char *options) {
  snprintf(file, sizeof file, "%s", options ? options : "");
  ipmi_emu_register_group_extension_handler(0xdc, answer, NULL);
  return 0;
}
