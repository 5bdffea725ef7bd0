// Package dataset writes training data and evaluation sets: pictures of scenes, and questions about them with their answers. docs/data.md
// describes the files.
//
// A data set is a folder of Parquet shards. A shard is a function of the Config and its number: the same bits whatever the number of workers,
// the order, or how often the run was interrupted; it is complete or absent. What other programs read (LLaVA's JSON, RefSpatial-Bench's
// folders) is made from shards.
package dataset
