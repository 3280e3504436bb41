/* SPDX-License-Identifier: MIT */
/* What a policy backend in a module of its own (libtactus-<name>.so) looks
 * like: one exported function, tactus_policy_plugin, that returns this
 * table. The graph has been through Tactus's passes; operators and their
 * ints and reals are those of ir/ops.hpp. All values are f32. Everything
 * passed in lives until release(); nothing here may throw. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TACTUS_PLUGIN_ABI 1U
#define TACTUS_PLUGIN_SYMBOL "tactus_policy_plugin"

typedef struct tactus_plugin_value {
  const char* name;
  const int64_t* dims;
  const float* constant; /* null: computed at run time */
  uint64_t size;         /* elements */
  uint32_t rank;
  uint32_t reserved;
} tactus_plugin_value;

typedef struct tactus_plugin_node {
  const char* op;
  const char* name;
  const int32_t* in; /* indices of values; -1: omitted */
  const int32_t* out;
  const int64_t* ints;
  const double* reals;
  uint32_t in_count;
  uint32_t out_count;
  uint32_t int_count;
  uint32_t real_count;
} tactus_plugin_node;

typedef struct tactus_plugin_graph {
  size_t sz; /* of this struct */
  const tactus_plugin_value* values;
  const tactus_plugin_node* nodes; /* in topological order */
  const int32_t* inputs;           /* states last */
  const int32_t* outputs;          /* states last */
  uint32_t value_count;
  uint32_t node_count;
  uint32_t input_count;
  uint32_t output_count;
} tactus_plugin_graph;

typedef struct tactus_plugin {
  size_t sz;        /* of this struct */
  uint32_t abi;     /* TACTUS_PLUGIN_ABI */
  uint32_t rt_safe; /* 1: run neither allocates, locks nor calls the kernel */
  const char* name; /* "onednn" */
  const char* version; /* part of the kernel string in logs */
  /* Null with one line in `error` (op, node, what to do) if it does not fit. */
  void* (*compile)(const tactus_plugin_graph* graph, char* error, size_t size);
  void (*release)(void* compiled);
  uint64_t (*weight_bytes)(const void* compiled);
  /* One per thread; owns all memory that run touches. */
  void* (*open)(const void* compiled, char* error, size_t size);
  void (*close)(void* executor);
  /* Pointers in the order of graph->inputs and outputs. 0: done. */
  int32_t (*run)(void* executor, const float* const* inputs,
                 float* const* outputs);
} tactus_plugin;

typedef const tactus_plugin* (*tactus_plugin_entry)(void);

#ifdef __cplusplus
}
#endif
