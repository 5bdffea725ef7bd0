// Package assets holds the files that are built into the program: bytes, no logic.
package assets

import _ "embed"

// UR5 is the arm's MJCF, see its head comment.
//
//go:embed robots/ur5.xml
var UR5 []byte

// Robotiq2F85 is the gripper's MJCF, see its head comment.
//
//go:embed robots/robotiq_2f85.xml
var Robotiq2F85 []byte

// G1 is the MJCF of Unitree's G1 with its two Dex3-1 hands, see its head comment.
//
//go:embed robots/g1.xml
var G1 []byte
